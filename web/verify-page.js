import { element, tokens } from './elements.js';
import { verifyHotspotEpoch } from './verify.js';

const form = document.getElementById('asked');
const state = document.getElementById('state');
const steps = document.getElementById('steps');

for (const [name, value] of new URLSearchParams(location.search)) {
  const field = form.elements.namedItem(name);
  if (field !== null && field.type !== 'checkbox') field.value = value;
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const { everySignature, ...asked } = Object.fromEntries(new FormData(form));
  form.querySelector('button').disabled = true;
  steps.replaceChildren();
  document.getElementById('reports').replaceChildren();
  say('Checking …', '');
  try {
    const found = await verifyHotspotEpoch({
      ...asked,
      everySignature: everySignature !== undefined,
      onStep: ({ name, says }) => addStep('ok', name, says),
    });
    say(
      `Agrees: ${tokens(found.earned)} earned in epoch ${found.epoch}, ${tokens(found.cumulative)} paid in all so far.`,
      'agrees',
    );
    showReports(found.reports);
  } catch (error) {
    addStep('no', 'stopped', error.message);
    say('Not shown to be right. The last step says why.', 'differs');
  } finally {
    form.querySelector('button').disabled = false;
  }
});

function say(text, className) {
  state.textContent = text;
  state.className = className;
}

function addStep(className, name, says) {
  const item = element('li', undefined, className);
  item.append(element('b', name), ` ${says}`);
  steps.append(item);
}

function showReports(reports) {
  const rows = reports.map(({ kind, position, reason, selected, numbers }) => [
    kind,
    new Date(position.receivedAt).toISOString(),
    `${position.origin} ${position.index}`,
    reason ?? (kind === 'beacon' ? 'valid' : selected ? 'valid, selected' : 'valid, not selected'),
    Object.entries(numbers)
      .map(([name, value]) => `${name} ${value}`)
      .join(', '),
  ]);
  const head = element('tr');
  for (const title of ['Report', 'Received', 'Log entry', 'Verdict', 'Numbers'])
    head.append(element('th', title));
  const lines = rows.map((row) => {
    const line = element('tr');
    line.append(...row.map((cell, at) => element('td', cell, at === 4 ? 'numbers' : undefined)));
    return line;
  });
  const [thead, tbody] = [element('thead'), element('tbody')];
  thead.append(head);
  tbody.append(...lines);
  document.getElementById('reports').replaceChildren(thead, tbody);
}
