"""Router only. The pages are listed in `ui.navigation`; each stands by itself."""

from ui.navigation import navigation

navigation().run()
