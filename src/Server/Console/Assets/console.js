// Keeps the pages live without taking them away from the server: when an incident arrives, or every ten seconds while somebody looks,
// the page is fetched again and its live region replaced. Open details and ticked boxes stay as the reader left them.
'use strict';
(() => {
  const live = document.querySelector('[data-live]');
  const light = document.getElementById('link');
  if (!light) return;
  const show = (state, text) => { light.dataset.state = state; light.textContent = text; };
  let busy = false, again = false;

  const refresh = async () => {
    if (!live || document.hidden) return;
    if (busy) { again = true; return; }
    // A form somebody has begun to change is not pulled from under the hand.
    if (live.contains(document.activeElement) && document.activeElement.matches('input, select, textarea')) return;
    busy = true;
    try {
      const answer = await fetch(location.href, { headers: { Accept: 'text/html' } });
      if (answer.redirected) { location.reload(); return; }
      const next = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById(live.id);
      if (next) {
        const open = new Set([...live.querySelectorAll('details[open][data-keep]')].map(d => d.dataset.keep));
        const boxes = new Map([...live.querySelectorAll('input[type=checkbox]')].filter(b => b.checked !== b.defaultChecked).map(b => [b.value, b.checked]));
        live.replaceChildren(...next.childNodes);
        live.querySelectorAll('details[data-keep]').forEach(d => { d.open = open.has(d.dataset.keep); });
        live.querySelectorAll('input[type=checkbox]').forEach(b => { if (boxes.has(b.value)) b.checked = boxes.get(b.value); });
      }
    } catch (error) {
      show('lost', 'server does not answer');
      console.warn('refresh failed', error);
    } finally {
      busy = false;
      if (again) { again = false; refresh(); }
    }
  };

  const events = new EventSource('/api/v1/incidents/follow');
  events.onopen = () => show('live', 'live');
  events.onerror = () => show('lost', 'reconnecting');
  events.addEventListener('incident', refresh);
  setInterval(refresh, 10000);
  document.addEventListener('visibilitychange', refresh);
})();
