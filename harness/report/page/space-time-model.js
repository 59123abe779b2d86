/**
 * The model of the space-time diagram: what is in the page, found by time, and told in words.
 *
 * It runs in a browser from file:// and asks nothing of any network.
 */
const data = JSON.parse(document.getElementById('space-time-data').textContent);
const fates = ['delivered', 'cut', 'lost', 'unreachable', 'refused'];
const kinds = ['first', 'copy', 'replay'];
const fateWords = {
  cut: 'lost on a cut link',
  lost: 'lost by chance',
  unreachable: 'came to nobody',
  refused: 'refused by the receiver',
};
/** Under way for longer than that: looked at whatever the view is. */
const longUs = 200_000;

const messages = data.messages.map((row) => {
  const [sentUs, lastsUs, from, to, type, fate, kind, ...numbers] = row;
  const { name, group, fields } = data.types[type];
  const at = { sentUs, endUs: sentUs + lastsUs, from, to };
  return { ...at, name, group, fields, numbers, fate: fates[fate], kind: kinds[kind] };
});
const long = messages.filter(({ sentUs, endUs }) => endUs - sentUs > longUs);

const timeText = (us) => `${(us / 1e6).toFixed(us % 1000 === 0 ? 3 : 6)} s`;
const lengthText = (us) =>
  us >= 1e6 ? `${(us / 1e6).toFixed(2)} s` : `${Number((us / 1000).toPrecision(3))} ms`;

/** The first place whose time is not before `us`. */
function placeOf(list, us, timeOf) {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (timeOf(list[middle]) < us) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Those that are under way at some time of the view, and may be seen. */
function messagesIn({ fromUs, toUs }, isShown) {
  const found = long.filter((each) => each.sentUs < toUs && each.endUs > fromUs && isShown(each));
  const first = placeOf(messages, fromUs - longUs, (each) => each.sentUs);
  for (let at = first; at < messages.length; at++) {
    const each = messages[at];
    if (each.sentUs > toUs) break;
    const isLong = each.endUs - each.sentUs > longUs;
    if (!isLong && each.endUs >= fromUs && isShown(each)) found.push(each);
  }
  return found;
}

function rowsIn(list, { fromUs, toUs }, timeOf) {
  const first = placeOf(list, fromUs, timeOf);
  const last = placeOf(list, toUs, timeOf);
  return list.slice(first, last);
}

const progress = data.progress.map(([atUs, node, what, index, term]) => ({
  ...{ atUs, node, index, term },
  isCommit: what === 0,
}));
const marks = data.marks.map(([atUs, node, words]) => ({ atUs, node, words }));
const roles = data.roles.map(([node, fromUs, toUs, role, term]) => ({
  ...{ node, fromUs, toUs, role, term },
}));
const downs = data.downs.map(([node, fromUs, toUs, words]) => ({ node, fromUs, toUs, words }));

/** Clients that are busy at a time stand beside one another. */
function slotsOf(operations) {
  const busyUntil = [];
  const placed = operations.map((each) => {
    const end = each.toUs ?? data.endUs;
    let slot = busyUntil.findIndex((until) => until <= each.fromUs);
    if (slot < 0) slot = busyUntil.length;
    busyUntil[slot] = end;
    return { ...each, endUs: end, slot };
  });
  return { placed, count: Math.max(1, busyUntil.length) };
}
const { placed: operations, count: slotCount } = slotsOf(data.operations);

const spanText = ({ fromUs, toUs }) =>
  `${timeText(fromUs)} to ${timeText(toUs)} (${lengthText(toUs - fromUs)})`;

function messageWords(each) {
  const { name, from, to, sentUs, endUs, fate, kind, fields, numbers } = each;
  const told = fields.map((field, at) => `${field} ${numbers[at]}`).join(', ');
  const again = { first: '', copy: ', a copy', replay: ', an old one that came again' }[kind];
  const way =
    fate === 'delivered'
      ? `arrived ${timeText(endUs)}, after ${lengthText(endUs - sentUs)}`
      : `${fateWords[fate]}${endUs > sentUs ? ` at ${timeText(endUs)}` : ''}`;
  const nodes = `${data.nodes[from]} → ${data.nodes[to]}`;
  return `${nodes}: ${name}${again}; sent ${timeText(sentUs)}, ${way}\n${told}`;
}

/** What a thing of the diagram is, for the line under it. */
function wordsOf({ type, item }) {
  const node = item.node >= 0 ? data.nodes[item.node] : 'no node';
  switch (type) {
    case 'message':
      return messageWords(item);
    case 'mark':
      return `${node} ${item.words}, ${timeText(item.atUs)}`;
    case 'role':
      return `${node} is ${item.role} in term ${item.term}, ${spanText(item)}`;
    case 'down':
      return `${node} ${item.words}, and does not run ${spanText(item)}`;
    case 'progress': {
      const verb = item.isCommit ? 'knows to be committed: index' : 'applies index';
      return `${node} ${verb} ${item.index}, term ${item.term}, ${timeText(item.atUs)}`;
    }
    case 'fault': {
      const effect = item.tookEffect ? '' : ', which took no effect';
      return `fault ${item.f}: ${item.description}${effect}; ${spanText(item)}`;
    }
    default: {
      const span = { fromUs: item.fromUs, toUs: item.endUs };
      const why = item.isWitness ? '\nThe verdict names it.' : '';
      return `process ${item.process} at ${node}, ${item.words}; ${spanText(span)}${why}`;
    }
  }
}

globalThis.spaceTime = {
  ...{ data, messages, progress, marks, roles, downs, operations, slotCount },
  ...{ messagesIn, rowsIn, timeText, lengthText, wordsOf },
};
