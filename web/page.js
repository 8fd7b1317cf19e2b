import { element, tokens } from './elements.js';

const REFRESH_MS = 5000;
const names = new Map();

function short(text) {
  const code = element('code', text.length > 18 ? `${text.slice(0, 8)}…${text.slice(-6)}` : text);
  code.title = text;
  return code;
}

function hotspotName(key) {
  return short(names.get(key) ?? key);
}

/** Rows of cells; a cell is a text, a node, or {text|node, className}. */
function fill(id, columns, rows, empty) {
  const table = document.getElementById(id);
  const head = element('thead');
  const heading = head.appendChild(element('tr'));
  for (const column of columns) {
    const cell = heading.appendChild(element('th', column.title, column.number ? 'number' : ''));
    cell.scope = 'col';
  }
  const body = element('tbody');
  for (const row of rows) {
    const line = body.appendChild(element('tr', undefined, row.className));
    row.cells.forEach((content, index) => {
      const cell = line.appendChild(
        element('td', undefined, columns[index].number ? 'number' : (columns[index].className ?? '')),
      );
      cell.append(content ?? '');
    });
  }
  if (rows.length === 0) {
    const cell = body.appendChild(element('tr')).appendChild(element('td', empty, 'hint'));
    cell.colSpan = columns.length;
  }
  table.replaceChildren(head, body);
}

async function load(path) {
  const answer = await fetch(path);
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.message ?? `${path} answered ${answer.status}`);
  return body;
}

function verdict(report) {
  if (report.reason !== null) return element('span', `unpaid: ${report.reason}`, 'bad');
  if (report.kind === 'beacon') return element('span', 'valid', 'good');
  if (report.selected) return element('span', 'valid, paid', 'good');
  return element('span', `valid, not paid${report.note ? `: ${report.note}` : ''}`);
}

/** The verdict as a sentence, above the numbers behind it. */
function why(report) {
  const both = document.createDocumentFragment();
  if (report.says !== null) both.append(element('div', report.says, 'says'));
  both.append(element('div', numbers(report)));
  return both;
}

function numbers(report) {
  return Object.entries(report.numbers)
    .filter(([, value]) => value !== null)
    .map(
      ([name, value]) =>
        `${name.replaceAll('_', ' ')} ${typeof value === 'object' ? JSON.stringify(value) : value}`,
    )
    .join(', ');
}

function reportRow(report) {
  return {
    className: report.kind,
    cells: [
      new Date(report.received_at).toISOString().slice(0, 23).replace('T', ' '),
      report.kind,
      hotspotName(report.key),
      verdict(report),
      report.final ? 'settled' : 'provisional',
      why(report),
    ],
  };
}

const degrees = (nano) => (nano / 1e9).toFixed(5);

function showHotspots(hotspots) {
  for (const hotspot of hotspots) names.set(hotspot.key, hotspot.address);
  fill(
    'hotspots',
    [
      { title: 'Hotspot' },
      { title: 'Tier' },
      { title: 'Status' },
      { title: 'Place' },
      { title: 'Beacons', number: true },
      { title: 'Witnesses', number: true },
      { title: 'Unpaid', number: true },
      { title: 'Claimed tokens', number: true },
    ],
    hotspots.map((hotspot) => ({
      cells: [
        short(hotspot.address),
        hotspot.tier,
        hotspot.status,
        hotspot.latitude === null
          ? 'not asserted'
          : `${degrees(hotspot.latitude)}, ${degrees(hotspot.longitude)}`,
        String(hotspot.beacons),
        String(hotspot.witnesses),
        String(hotspot.unpaid),
        tokens(hotspot.claimed),
      ],
    })),
    'No hotspot is registered yet.',
  );
}

function showBeacons(beacons) {
  fill(
    'beacons',
    [
      { title: 'Received (UTC)' },
      { title: 'Report' },
      { title: 'Hotspot' },
      { title: 'Verdict', className: 'verdict' },
      { title: 'State' },
      { title: 'Why', className: 'numbers' },
    ],
    beacons.flatMap(({ beacon, witnesses }) => [reportRow(beacon), ...witnesses.map(reportRow)]),
    'No beacon has been judged yet.',
  );
}

function showEpochs(epochs) {
  fill(
    'epochs',
    [
      { title: 'Epoch', number: true },
      { title: 'Verdicts', number: true },
      { title: 'Tokens of the epoch', number: true },
      { title: 'Tokens so far', number: true },
      { title: 'Leaves', number: true },
      { title: 'Root' },
      { title: 'Tuple hash' },
    ],
    epochs.map((epoch) => ({
      cells: [
        epoch.epoch,
        String(epoch.verdicts),
        tokens(epoch.minted),
        tokens(epoch.cumulative_total),
        String(epoch.leaf_count),
        short(epoch.root),
        short(epoch.tuple_hash),
      ],
    })),
    'No epoch has been settled yet.',
  );
}

function showPayouts(payouts) {
  fill(
    'payouts',
    [
      { title: 'For' },
      { title: 'Beacon share', number: true },
      { title: 'Witness share', number: true },
      { title: 'Beacons', number: true },
      { title: 'Witnesses', number: true },
      { title: 'Other', number: true },
      { title: 'Cumulative', number: true },
    ],
    payouts.map((payout) => ({
      cells: [
        hotspotName(payout.subject),
        payout.beacon_share,
        payout.witness_share,
        tokens(payout.beacon_amount),
        tokens(payout.witness_amount),
        tokens(payout.other_amount),
        tokens(payout.cumulative),
      ],
    })),
    'No payout yet.',
  );
}

async function refresh() {
  const state = document.getElementById('state');
  try {
    showHotspots(await load('/v1/hotspots'));
    showBeacons(await load('/v1/beacons?limit=30'));
    const epochs = await load('/v1/epochs');
    showEpochs(epochs);
    showPayouts(epochs.length === 0 ? [] : (await load(`/v1/epochs/${epochs[0].epoch}`)).payouts);
    state.textContent = `As of ${new Date().toISOString().slice(11, 19)} UTC, refreshed every ${REFRESH_MS / 1000} s.`;
    state.className = '';
  } catch (error) {
    state.textContent = `Cannot refresh: ${error.message}`;
    state.className = 'bad';
  }
  setTimeout(refresh, REFRESH_MS);
}

await refresh();
