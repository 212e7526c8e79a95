/* What a page must still be after somebody made it narrow, or its letters large: nothing beside the screen, nothing cut,
   nothing on top of something else, everything big enough to hit. Each answers a list of complaints. */
(() => {
  const said = (one) => one.outerHTML.replace(/\s+/g, " ").slice(0, 120);
  const hidden = (one) => {
    if (!one.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return true;
    for (let at = one; at; at = at.parentElement) {
      const look = getComputedStyle(at);
      if (look.clipPath !== "none" || (look.position === "absolute" && at.offsetWidth <= 1)) return true;
    }
    return false;
  };
  const scrolls = (one) => {
    for (let at = one; at && at !== document.body; at = at.parentElement)
      if (["auto", "scroll"].includes(getComputedStyle(at).overflowX)) return true;
    return false;
  };
  const stuck = (one) => {
    for (let at = one; at; at = at.parentElement)
      if (["fixed", "sticky"].includes(getComputedStyle(at).position)) return true;
    return false;
  };
  const controls = () =>
    [...document.querySelectorAll("a[href], button, input, select, textarea, summary, label.slot, label.choice")].filter(
      (one) => one.type !== "hidden" && one.getClientRects().length && !hidden(one),
    );

  const sideways = () => {
    const wide = document.scrollingElement.scrollWidth - document.documentElement.clientWidth;
    if (wide <= 0) return [];
    const edge = document.documentElement.clientWidth;
    const guilty = [...document.querySelectorAll("body *")].filter(
      (one) => one.getBoundingClientRect().right > edge + 0.5 && !scrolls(one) && !hidden(one),
    );
    return [`${wide} px beside the screen: ${guilty.slice(-2).map(said).join(" | ")}`];
  };

  const cut = () =>
    [...document.querySelectorAll("body *")]
      .filter((one) => {
        const look = getComputedStyle(one);
        if (!["hidden", "clip"].includes(look.overflowX) && !["hidden", "clip"].includes(look.overflowY)) return false;
        if (!one.textContent.trim() || one.closest("svg") || hidden(one)) return false;
        return one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1;
      })
      .map((one) => `cut: ${said(one)}`);

  const overlapping = () => {
    const those = controls().filter((one) => !stuck(one));
    const rects = those.map((one) => [...one.getClientRects()]);
    const found = [];
    for (let a = 0; a < those.length; a += 1)
      for (let b = a + 1; b < those.length; b += 1) {
        if (those[a].contains(those[b]) || those[b].contains(those[a])) continue;
        const met = rects[a].some((one) =>
          rects[b].some(
            (two) =>
              Math.min(one.right, two.right) - Math.max(one.left, two.left) > 3 &&
              Math.min(one.bottom, two.bottom) - Math.max(one.top, two.top) > 3,
          ),
        );
        if (met) found.push(`one on another: ${said(those[a])} | ${said(those[b])}`);
      }
    return found;
  };

  const small = () =>
    controls()
      .filter((one) => {
        if (one.tagName === "A" && getComputedStyle(one).display === "inline") return false; // a link in a sentence
        const label = one.labels?.[0] ?? one;
        const boxes = [one, label].map((each) => each.getBoundingClientRect());
        return !boxes.some((box) => box.width >= 23.5 && box.height >= 23.5);
      })
      .map((one) => `smaller than 24 px: ${said(one)}`);

  const SPACED = new CSSStyleSheet();
  SPACED.replaceSync(
    "* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }" +
      " p { margin-bottom: 2em !important }",
  );
  const spaced = (on) => {
    const rest = document.adoptedStyleSheets.filter((sheet) => sheet !== SPACED);
    document.adoptedStyleSheets = on ? [...rest, SPACED] : rest;
  };
  const letters = (percent) => {
    document.documentElement.style.fontSize = percent ? `${percent}%` : "";
  };
  window.measure = { sideways, cut, overlapping, small, spaced, letters };
})();
