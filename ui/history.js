/* One history entry a page or question. Streamlit adds one for each control that it writes into the address, and none
   for a question that is typed over another; so Back would pass half-written addresses, and miss questions. And where
   the page that you leave by Back is still being drawn, Streamlit may go to it again: then it is asked once more. */
(() => {
  if (window.secondPassHistory) return;
  window.secondPassHistory = true;
  const { pushState, replaceState } = History.prototype;
  const asked = (url) => url.searchParams.get("q") || "";
  let question = asked(new URL(location.href));
  let leaving = false;
  let back = false;

  const write = (state, title, target) => {
    const url = new URL(target ?? location.href, location.href);
    const another = asked(url) !== "" && asked(url) !== question;
    const moved = url.pathname !== location.pathname;
    if (back && moved) {
      back = false;
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
    back = event.isTrusted;
  }, true);
  for (const act of ["pointerdown", "keydown"]) document.addEventListener(act, () => (back = false), true);
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-testid=stSidebarNavLink]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) leaving = link.pathname !== location.pathname;
  }, true);
})();
