// What the console needs in the browser beyond the platform. Every page works without it; nothing here is inline.
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const on = (type, selector, act) => document.addEventListener(type, (event) => {
  const target = event.target.closest?.(selector);
  if (target) act(target, event);
});
const remember = (name, value) => { document.cookie = `${name}=${value};path=/;max-age=31536000;samesite=lax`; };

const live = Object.assign(document.createElement('div'), { className: 'vh', role: 'status' });
document.body.append(live);
const say = (text) => { live.textContent = text; };

// Theme and density: an attribute now, a cookie so that the server draws the next page right.
on('change', '[data-theme-set]', (radio) => {
  if (radio.value === 'auto') document.documentElement.removeAttribute('data-bs-theme');
  else document.documentElement.dataset.bsTheme = radio.value;
  remember('theme', radio.value);
  $$(`[data-theme-set][value="${radio.value}"]`).forEach((other) => { other.checked = true; });
});
on('click', '[data-density-set]', (button) => {
  document.documentElement.dataset.density = button.dataset.densitySet;
  remember('density', button.dataset.densitySet);
  $$('[data-density-set]').forEach((other) => other.setAttribute('aria-pressed', String(other === button)));
});

// Popovers get their place by script where CSS cannot anchor them.
if (!CSS.supports('position-area: bottom')) {
  document.addEventListener('toggle', (event) => {
    const pop = event.target;
    if (!pop.matches?.('.pop') || event.newState !== 'open') return;
    const anchor = $(`[popovertarget="${CSS.escape(pop.id)}"]`).getBoundingClientRect();
    const left = pop.classList.contains('end') ? anchor.right - pop.offsetWidth : anchor.left;
    pop.style.left = `${Math.max(8, Math.min(left, innerWidth - pop.offsetWidth - 8))}px`;
    pop.style.top = `${anchor.bottom}px`;
  }, true);
}

on('click', '[data-dismiss]', (button) => button.closest('.note').remove());
on('click', '[data-reveal]', (button) => {
  const input = document.getElementById(button.dataset.reveal);
  const show = input.type === 'password';
  input.type = show ? 'text' : 'password';
  button.setAttribute('aria-pressed', String(show));
});

// One dialog for whatever wants to be confirmed; without a script the form is simply sent.
let cleared = null;
document.addEventListener('submit', (event) => {
  const button = event.submitter;
  const text = button?.dataset.confirm || event.target.dataset.confirm;
  const ask = $('#ask');
  if (!text || !ask || cleared === event.target) return;
  event.preventDefault();
  const ticked = $$('.row-check:checked').length;
  $('#ask-title').textContent = `${(button?.innerText || 'Continue').trim()}?`;
  $('#ask-body').textContent = button?.form?.id === 'bulk' ? `${ticked} selected. ${text}` : text;
  $('[data-yes]', ask).textContent = (button?.innerText || 'Continue').trim();
  ask.returnValue = '';
  ask.showModal();
  ask.addEventListener('close', () => {
    if (ask.returnValue !== 'yes') return;
    cleared = event.target;
    event.target.requestSubmit(button || undefined);
  }, { once: true });
});
// A second press while the first is on its way is not a second order.
document.addEventListener('submit', (event) => {
  if (event.defaultPrevented || event.target.method === 'get' || event.target.method === 'dialog') return;
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = 'yes';
});
addEventListener('pageshow', () => $$('form[data-sent]').forEach((form) => { delete form.dataset.sent; }));
on('click', '[aria-disabled="true"]', (button, event) => {
  event.preventDefault();
  const reason = document.getElementById(button.getAttribute('aria-describedby'));
  if (reason) say(reason.textContent);
});

// Lists: ticks, their bar, and the keyboard.
const bulk = $('[data-bulk]');
function showTicks() {
  const boxes = $$('.row-check');
  const count = boxes.filter((box) => box.checked).length;
  const head = $('[data-check-all]');
  if (head) {
    head.checked = count > 0 && count === boxes.length;
    head.indeterminate = count > 0 && count < boxes.length;
  }
  if (bulk) {
    bulk.hidden = !count;
    $('[data-count]', bulk).textContent = count;
  }
}
on('change', '.row-check', showTicks);
on('change', '[data-check-all]', (head) => {
  $$('.row-check').forEach((box) => { box.checked = head.checked; });
  showTicks();
});
on('click', '[data-clear]', () => {
  $$('.row-check').forEach((box) => { box.checked = false; });
  showTicks();
});
showTicks();

const rows = $$('[data-row]');
let at = -1;
function go(to) {
  if (!rows.length) return;
  rows[at]?.classList.remove('at');
  at = Math.max(0, Math.min(rows.length - 1, to));
  rows[at].classList.add('at');
  $('.row-link', rows[at])?.focus({ preventScroll: true });
  rows[at].scrollIntoView({ block: 'nearest' });
}
function press(key) {
  const button = $(`[data-key="${CSS.escape(key)}"]`);
  if (!button) return false;
  button.click();
  const fold = button.closest('details');
  if (fold?.open) $('textarea, select, input:not([type=hidden])', fold)?.focus();
  return true;
}
document.addEventListener('keydown', (event) => {
  const typing = event.target.closest('input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable], dialog');
  if (event.ctrlKey || event.metaKey || event.altKey || typing) return;
  if (event.key === '/') {
    const search = $('#q');
    if (search) { event.preventDefault(); search.focus(); search.select(); }
  } else if (event.key === '?') $('#keys')?.showModal();
  else if (event.key === 'j') { if (!press('j')) go(at + 1); }
  else if (event.key === 'k') { if (!press('k')) go(at - 1); }
  else if (event.key === 'x' && at >= 0) {
    const box = $('.row-check', rows[at]);
    if (box) { box.checked = !box.checked; showTicks(); }
  } else if (/^[a-z]$/.test(event.key) && press(event.key)) event.preventDefault();
});
on('click', '[data-keys]', () => { $('#me')?.hidePopover(); $('#keys').showModal(); });
$$('dialog.modal-own').forEach((dialog) => dialog.addEventListener('click', (event) => {
  if (event.target === dialog) dialog.close();
}));

// Forms: say whether something is unsaved, and ask before it is lost.
const form = $('[data-guard]');
if (form) {
  const state = $('[data-state]', form);
  let dirty = 'dirty' in state.dataset;
  const touched = () => {
    dirty = true;
    state.textContent = 'Unsaved changes';
    state.dataset.dirty = '';
  };
  form.addEventListener('input', touched);
  form.addEventListener('change', touched);
  form.addEventListener('submit', () => { dirty = false; });
  addEventListener('beforeunload', (event) => { if (dirty) event.preventDefault(); });
}
$('[data-focus]')?.focus();
