/* One history entry a page or question. Streamlit adds one for each control that it writes into the address, and none
   for a question that is typed over another; so Back would pass half-written addresses, and miss questions. And where
   the page that you leave by Back is still being drawn, Streamlit may go to it again: then it is asked once more, as
   often as such a page may have been under way. */
(() => {
  if (window.secondPassHistory) return;
  window.secondPassHistory = true;
  const { pushState, replaceState } = History.prototype;
  const asked = (url) => url.searchParams.get("q") || "";
  let question = asked(new URL(location.href));
  let leaving = false;
  let back = 0;

  const write = (state, title, target) => {
    const url = new URL(target ?? location.href, location.href);
    const another = asked(url) !== "" && asked(url) !== question;
    const moved = url.pathname !== location.pathname;
    if (back > 0 && moved) {
      back -= 1;
      window.dispatchEvent(new PopStateEvent("popstate", { state: history.state }));
      return;
    }
    if (leaving && !moved) return; // Streamlit clears the address of the page that you leave: Back needs it whole
    leaving = false;
    if (another) question = asked(url);
    (moved || another ? pushState : replaceState).call(history, state, title, url.href);
  };
  history.pushState = write;
  history.replaceState = write;

  window.addEventListener("popstate", (event) => {
    question = asked(new URL(location.href));
    leaving = false;
    if (event.isTrusted) back = 3;
  }, true);
  for (const act of ["pointerdown", "keydown"]) document.addEventListener(act, () => (back = 0), true);
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-testid=stSidebarNavLink]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) leaving = link.pathname !== location.pathname;
  }, true);
})();
