/* One history entry a page or question. Streamlit adds one for each control that it writes into the address, and none
   for a question that is typed over another; so Back would pass half-written addresses, and miss questions. And where
   the page that you leave by Back is still being drawn, Streamlit may go to it again: then it is asked once more, as
   often as such a page may have been under way. A page that sends you to another one by a button has its address
   cleared first, too: what clears an address waits until it is known whether you leave. */
(() => {
  if (window.secondPassHistory) return;
  window.secondPassHistory = true;
  const { pushState, replaceState } = History.prototype;
  const OF_RUN = ["run", "expect", "expect_quote"]; // what a link to a recorded run names
  const HELD_MS = 3000;
  const ARRIVES_MS = 500;
  const asked = (url) => url.searchParams.get("q") || "";
  let question = asked(new URL(location.href));
  let leaving = false;
  let back = 0;
  let arrived = -Infinity;
  let held = null;
  let timer = 0;

  const clears = (url) => {
    const kept = [...url.searchParams.keys()];
    const had = [...new URL(location.href).searchParams.keys()];
    return kept.every((key) => OF_RUN.includes(key)) && had.some((key) => !kept.includes(key));
  };
  const hold = (...entry) => {
    held = entry;
    clearTimeout(timer);
    timer = setTimeout(release, HELD_MS);
  };
  const release = () => {
    const entry = held;
    held = null;
    clearTimeout(timer);
    if (entry && entry[1].href !== location.href) put(...entry);
  };
  const put = (state, url) => {
    const another = asked(url) !== "" && asked(url) !== question;
    if (another) question = asked(url);
    (another || url.pathname !== location.pathname ? pushState : replaceState).call(history, state, "", url.href);
  };

  const write = (state, title, target) => {
    const url = new URL(target ?? location.href, location.href);
    const moved = url.pathname !== location.pathname;
    if (back > 0 && moved) {
      back -= 1;
      window.dispatchEvent(new PopStateEvent("popstate", { state: history.state }));
      return;
    }
    if (leaving && !moved) return; // Streamlit clears the address of the page that you leave: Back needs it whole
    leaving = false;
    if (!moved && clears(url) && performance.now() < arrived + ARRIVES_MS) return; // the entry gone back to is whole
    if (!moved && (held || clears(url))) return hold(state, url);
    held = null;
    put(state, url);
  };
  history.pushState = write;
  history.replaceState = write;

  window.addEventListener("popstate", (event) => {
    question = asked(new URL(location.href));
    leaving = false;
    held = null;
    if (event.isTrusted) [back, arrived] = [3, performance.now()];
  }, true);
  for (const act of ["pointerdown", "keydown"]) document.addEventListener(act, () => (back = 0), true);
  for (const act of ["pointerdown", "keydown", "mouseleave"]) document.documentElement.addEventListener(act, release, true);
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-testid=stSidebarNavLink]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) leaving = link.pathname !== location.pathname;
  }, true);
})();
