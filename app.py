"""Router only. The pages are listed in `ui.navigation`; each stands by itself."""

from ui import each_run
from ui.navigation import navigation

try:
    navigation().run()
finally:
    each_run.forget()  # a click is answered before the next run begins, and looks up again too
