'use strict';
// The playground's page.  All that comes from outside becomes text nodes, never markup.

const $ = (id) => document.getElementById(id);
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || '';
const clock = new Intl.DateTimeFormat(undefined, {timeStyle: 'short'});
const clockOfDay = new Intl.DateTimeFormat(undefined, {weekday: 'short', hour: 'numeric', minute: '2-digit'});
const fullDate = new Intl.DateTimeFormat(undefined, {dateStyle: 'full', timeStyle: 'short'});
const dayName = new Intl.DateTimeFormat(undefined, {weekday: 'long', day: 'numeric', month: 'long'});

const posts = new Map();      // ref -> post
const replies = new Map();    // ref of a thread's first post -> its replies, oldest first
const waiting = new Map();    // id of a line -> what to do with its answer
const typed = [];             // lines for the arrow-up key
let commands = [];
let open = null;              // the thread that is open
let newest = '';              // ref of the newest post that arrived
let lines = 0;

// ---- small parts

function el(tag, properties, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, '');
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== ''));
  return node;
}

/** Text in which `a command` is set as code; lines such as "`term`: meaning" line up. */
function prose(name, text) {
  return text && el('p', {class: name, dir: 'auto'}, text.split('\n').map((line) => {
    const [, term, rest] = line.match(/^`([^`]+)`: +(.+)$/) || [];
    return term ? el('span', {class: 'entry'}, el('code', {}, term), el('span', {}, coded(rest)))
      : el('span', {class: 'line'}, coded(line));
  }));
}

function coded(line) {
  return line.split(/`([^`]+)`/).map((part, index) => index % 2 ? el('code', {}, part) : part);
}

function link(url, text) {
  const safe = /^https?:\/\//i.test(url || '');
  return safe ? el('a', {href: url, target: '_blank', rel: 'noopener noreferrer'}, text) : text;
}

function time(at, form = clock) {
  const when = new Date(at);
  return el('time', {datetime: at, title: fullDate.format(when)}, form.format(when));
}

function day(at) {
  const when = new Date(at);
  const ago = (new Date().setHours(0, 0, 0, 0) - new Date(when).setHours(0, 0, 0, 0)) / 864e5;
  return ['Today', 'Yesterday'][Math.round(ago)] || dayName.format(when);
}

function plural(count, noun) {
  return `${count} ${count === 1 ? noun : noun.replace(/y$/, 'ie') + 's'}`;
}

function say(text) { $('said').textContent = text; }

// ---- messages

function message(note, ...body) {
  return el('article', {class: 'message'},
    el('img', {class: 'face', src: '/icon.svg', alt: ''}),
    el('div', {class: 'said'},
      el('p', {class: 'by'}, el('b', {}, 'paperbot'), el('span', {class: 'tag'}, 'bot'), note),
      ...body));
}

function buttons(actions, extra) {
  const all = actions.map((action) =>
    el('button', {type: 'button', onclick: (event) => press(event.currentTarget, action)}, action.label));
  return all.length || extra ? el('div', {class: 'actions'}, all, extra || '') : '';
}

function header(payload, brief) {
  const until = payload.until && new Date(payload.until);
  return [
    el('h3', {dir: 'auto'}, payload.title),
    prose('text', payload.text),
    payload.papers.length && !brief ? el('ol', {class: 'papers'}, payload.papers.map((paper) =>
      el('li', {}, el('span', {dir: 'auto'}, link(paper.url, paper.title)),
        paper.votes ? el('span', {class: 'votes'}, `▲ ${paper.votes}`) : ''))) : '',
    payload.unlisted && !brief ? el('p', {class: 'quiet'}, `and ${payload.unlisted} more`) : '',
    until > new Date() ? el('p', {class: 'quiet'}, 'Papers join this thread until ', time(payload.until, clockOfDay)) : '',
    buttons(payload.actions),
  ];
}

function card(paper) {
  const code = paper.code && link(paper.code, 'Code');
  const picture = paper.image && el('img', {
    class: 'picture', src: paper.image, alt: '', loading: 'lazy', referrerpolicy: 'no-referrer',
    onerror: (event) => event.currentTarget.remove()});
  const text = paper.text && prose('abstract', paper.text);
  if (paper.rank && paper.text.length > 420) fold(text);
  return el('section', {class: 'card'},
    el('div', {class: 'about'},
      el('h4', {dir: 'auto'}, paper.rank ? el('span', {class: 'rank'}, `${paper.rank}.`) : '',
        link(paper.url, paper.title)),
      paper.authors ? el('p', {class: 'authors', dir: 'auto'}, paper.authors) : '',
      paper.facts ? el('p', {class: 'facts', dir: 'auto'}, paper.facts) : ''),
    picture || '',
    text ? el('div', {class: 'more'}, text) : '',
    paper.footer ? el('p', {class: 'quiet', dir: 'auto'}, paper.footer) : '',
    buttons(paper.actions, code));
}

/** Show the first lines of a long text until it is asked for. */
function fold(text) {
  const unfold = el('button', {type: 'button', class: 'unfold', 'aria-expanded': 'false', onclick: () => {
    const folded = text.classList.toggle('folded');
    unfold.textContent = folded ? 'Show all' : 'Show less';
    unfold.setAttribute('aria-expanded', String(!folded));
  }}, 'Show all');
  text.classList.add('folded');
  queueMicrotask(() => text.after(unfold));
}

function content(payload, brief) {
  if (payload.kind === 'header') return header(payload, brief);
  return [
    payload.title ? el('h3', {dir: 'auto'}, payload.title) : '',
    prose('text', payload.text),
    ...payload.cards.map(card),
    buttons(payload.actions),
  ];
}

// ---- the channel and its threads

function take(post, live) {
  if (posts.has(post.ref)) return;
  posts.set(post.ref, post);
  newest = post.ref;
  if (post.parent) {
    replies.set(post.parent, [...(replies.get(post.parent) || []), post]);
    refreshCount(post.parent);
    if (open === post.parent) put($('replies'), reply(post));
  } else {
    $('log').querySelector('.empty')?.remove();
    separate(post.at);
    if (live) put($('log'), root(post, true));
    else $('log').append(root(post, true));
  }
  if (live) say(`paperbot posted: ${post.payload.title || 'papers in a thread'}`);
}

function root(post, linked) {
  const by = post.payload.by ? [` shared by ${post.payload.by} `, time(post.at)] : [time(post.at)];
  const node = message(el('span', {class: 'note'}, by), ...content(post.payload, !linked && replies.has(post.ref)),
    linked ? el('div', {'data-thread': post.ref}) : '');
  if (linked) queueMicrotask(() => refreshCount(post.ref));
  return node;
}

function reply(post) {
  const node = message(el('span', {class: 'note'}, time(post.at)), ...content(post.payload));
  node.classList.toggle('follows', Boolean($('replies').querySelector('.reply')));
  node.classList.add('reply');
  return node;
}

function refreshCount(ref) {
  const all = replies.get(ref) || [];
  const place = document.querySelector(`[data-thread="${CSS.escape(ref)}"]`);
  if (!place || !all.length) return;
  place.replaceChildren(el('a', {class: 'thread', href: `#${ref}`},
    el('b', {}, plural(all.length, 'reply')), ' last at ', time(all.at(-1).at)));
  if (open === ref) $('count').textContent = plural(all.length, 'reply');
}

function separate(at) {
  const name = day(at);
  const last = [...document.querySelectorAll('#log .day')].at(-1);
  if (last?.textContent !== name) $('log').append(el('h2', {class: 'day'}, el('span', {}, name)));
}

/** The address names the open thread, so the browser's back button closes it. */
function showThread() {
  const before = open;
  open = posts.has(location.hash.slice(1)) ? location.hash.slice(1) : null;
  $('thread').hidden = !open;
  document.body.classList.toggle('threaded', Boolean(open));
  $('channel').inert = Boolean(open) && matchMedia('(max-width: 899px)').matches;
  if (open && open !== before) {
    $('replies').replaceChildren(root(posts.get(open), false),
      el('h2', {class: 'day'}, el('span', {id: 'count'})));
    (replies.get(open) || []).forEach((post) => $('replies').append(reply(post)));
    refreshCount(open);
    $('replies').scrollTop = 0;
    $('thread').focus({preventScroll: true});
  } else if (!open && before) {
    document.querySelector(`[data-thread="${CSS.escape(before)}"] a`)?.focus();
  }
}

// ---- scrolling

function atEnd(log) { return log.scrollHeight - log.scrollTop - log.clientHeight < 120; }

function put(log, node) {
  const follow = atEnd(log);
  log.append(node);
  if (follow) log.scrollTop = log.scrollHeight;
  else if (log === $('log')) $('newer').hidden = false;
}

/** Bring an answer into view: its beginning, where it is taller than the window. */
function reveal(log, node) {
  const tall = node.offsetHeight > log.clientHeight - 40;
  node.scrollIntoView({block: tall ? 'start' : 'end'});
}

// ---- asking

function ask(text, options) {
  if (socket.readyState !== WebSocket.OPEN) {
    state('Not connected; your line is kept', 'off');
    return false;
  }
  const id = ++lines;
  socket.send(JSON.stringify({id, text, mode: options.mode, zone}));
  waiting.set(id, options);
  if (options.mode === 'new') {
    options.node = answer(options.title, el('p', {class: 'working'}, 'Working …'));
    options.log.append(options.node);
    reveal(options.log, options.node);
  }
  options.node.setAttribute('aria-busy', 'true');
  return true;
}

/** A message that only its reader sees. */
function answer(title, ...body) {
  const node = message(el('span', {class: 'note'}, 'Only you see this'),
    title ? el('p', {class: 'asked'}, el('code', {}, title)) : '', ...body);
  node.classList.add('private');
  return node;
}

function press(button, action) {
  const node = action.mode === 'update' ? button.closest('.message') : button;
  if (node.hasAttribute('aria-busy')) return;
  const title = action.token.startsWith('#') ? action.label : action.token;
  ask(action.token, {mode: action.mode, title, label: action.label, log: button.closest('.log'), node});
}

function answered(id, payloads) {
  const {mode, title, log, node, label} = waiting.get(id) || {};
  if (!node) return;
  waiting.delete(id);
  node.removeAttribute('aria-busy');
  if (mode === 'share' && !payloads.length) {
    node.textContent = 'Shared ✓';
    setTimeout(() => { node.textContent = label; }, 3000);
    say('Shared to papers');
    return;
  }
  const fresh = payloads.map((payload, index) => answer(index ? '' : title, ...content(payload)));
  if (mode === 'share') log.append(...fresh);
  else node.replaceWith(...fresh);
  reveal(log, fresh[0]);
  say(payloads[0].title || 'paperbot answered');
}

function lost() {
  for (const [id, {mode, node, title}] of waiting) {
    waiting.delete(id);
    node.removeAttribute('aria-busy');
    if (mode === 'new') node.replaceWith(answer(title,
      el('p', {class: 'text'}, 'The connection was lost before the answer came. Please ask again.')));
  }
}

// ---- the connection

let socket = {readyState: -1};
let failures = 0;
let retry = 0;

function state(text, name) {
  $('state').textContent = text;
  $('state').className = name;
}

function connect() {
  clearTimeout(retry);
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  socket = new WebSocket(`${scheme}://${location.host}/socket?after=${encodeURIComponent(newest)}`);
  socket.onmessage = (event) => hear(JSON.parse(event.data));
  socket.onclose = () => {
    lost();
    state('Connection lost; trying again …', 'off');
    retry = setTimeout(connect, Math.min(8000, 500 * 2 ** failures++) * (0.75 + Math.random() / 2));
  };
}

function hear(said) {
  if (said.type === 'hello') greet(said);
  else if (said.type === 'post') take(said.post, true);
  else if (said.type === 'answer') answered(said.id, said.payloads);
  else if (said.type === 'refused') state(said.text, 'off');
}

function greet(hello) {
  const first = !commands.length;
  failures = 0;
  commands = hello.commands;
  state('Connected', 'on');
  $('banner').textContent = hello.banner;
  $('banner').hidden = !hello.banner;
  hello.posts.forEach((post) => take(post, !first));
  if (!first) return;
  if (!posts.size) $('log').append(el('p', {class: 'empty'},
    'No papers have been posted here yet. The daily thread will appear by itself.'));
  const tries = hello.examples.map((line) => ({label: line, token: line, mode: 'new'}));
  const welcome = answer('', el('h3', {}, 'Hello! This is your playground.'),
    el('p', {class: 'text'}, 'Whatever works in Slack and Discord works here. Try one of these:'),
    buttons(tries));
  welcome.classList.add('welcome');
  $('log').append(welcome);
  $('log').scrollTop = $('log').scrollHeight;
  showThread();
}

// ---- the line: completion and help

let chosen = -1;

/** What could come next: [{text, help, insert}]; without `insert` it is only explained. */
function suggestions(line) {
  const [, slash, text] = line.match(/^(\s*\/?)(.*)$/s);
  const name = text.split(/\s/, 1)[0];
  if (!/\s/.test(text)) {
    if (!text && !slash.includes('/')) return [];
    return commands.filter((one) => one.name.startsWith(text.toLowerCase()))
      .map((one) => ({text: one.name, help: one.help, insert: `${one.name} `}));
  }
  const command = commands.find((one) => one.name === name.toLowerCase());
  if (!command) return [];
  const [, before, word] = text.match(/^(.*\s)(\S*)$/s);
  const choices = choicesFor(command, before);
  if (choices) return choices.filter((one) => one.text.startsWith(word))
    .map((one) => ({...one, insert: `${before}${one.text} `}));
  const free = command.args.find((one) => one.rest);
  const options = command.args.filter((one) => !before.includes(`--${one.name} `))
    .filter((one) => word ? `--${one.name}`.startsWith(word) && word.startsWith('--') : one !== free);
  return [
    ...(free && !word.startsWith('-') ? [{text: free.name, help: explained(free), insert: null}] : []),
    ...options.map((one) => ({
      text: `--${one.name}`, help: explained(one), insert: `${before}--${one.name} `})),
  ];
}

function choicesFor(command, before) {
  const option = before.match(/--(\S+)\s+$/);
  const arg = command.args.find((one) => option ? one.name === option[1] : one.complete === 'command');
  if (arg?.choices.length) return arg.choices.map((text) => ({text, help: ''}));
  if (arg?.complete === 'command') return commands.map((one) => ({text: one.name, help: one.help}));
  return null;
}

function explained(arg) {
  const notes = [arg.choices.join(', '), arg.word && `or “${arg.word} …”`, arg.default && `${arg.default} by itself`];
  return [arg.help, ...notes].filter(Boolean).join('; ');
}

function suggest() {
  const found = document.activeElement === $('line') ? suggestions($('line').value) : [];
  chosen = -1;
  $('choices').replaceChildren(...found.map((one, index) => el('li', {
    id: `choice-${index}`, role: 'option', 'aria-selected': 'false', 'aria-disabled': one.insert === null && 'true',
    onmousedown: (event) => { event.preventDefault(); accept(one.insert); },
  }, el('code', {}, one.text), el('span', {}, one.help))));
  for (const [index, one] of found.entries()) $('choices').children[index].insert = one.insert;
  $('choices').hidden = !found.length;
  $('line').setAttribute('aria-expanded', String(Boolean(found.length)));
  $('line').removeAttribute('aria-activedescendant');
}

function accept(insert) {
  if (insert === null) return;
  $('line').value = insert;
  suggest();
}

function choose(step) {
  const all = [...$('choices').children].filter((one) => one.insert !== null);
  if (!all.length) return;
  chosen = chosen < 0 && step < 0 ? all.length - 1 : (chosen + step + all.length) % all.length;
  all.forEach((one, index) => one.setAttribute('aria-selected', String(index === chosen)));
  all[chosen].scrollIntoView({block: 'nearest'});
  $('line').setAttribute('aria-activedescendant', all[chosen].id);
}

function onKey(event) {
  const all = [...$('choices').children].filter((one) => one.insert !== null);
  const shown = !$('choices').hidden && all.length;
  const picked = all[chosen] || all[0];
  if (event.isComposing) return;
  if (event.key === 'ArrowDown' && shown) choose(1);
  else if (event.key === 'ArrowUp' && shown) choose(-1);
  else if (event.key === 'ArrowUp' && typed.length && !$('line').value) $('line').value = typed.at(-1);
  else if (event.key === 'Tab' && shown && !event.shiftKey && $('line').value) accept(picked.insert);
  else if (event.key === 'Enter' && chosen >= 0) accept(picked.insert);
  else if (event.key === 'Escape' && !$('choices').hidden) $('choices').hidden = true;
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function submit(event) {
  event.preventDefault();
  const text = $('line').value.trim().replace(/^\/(papers\s+)?/, '') || 'help';
  if (!ask(text, {mode: 'new', title: text, log: $('log')})) return;
  typed.push(text);
  $('line').value = '';
  suggest();
}

$('line').addEventListener('input', suggest);
$('line').addEventListener('blur', suggest);
$('line').addEventListener('focus', suggest);
$('line').addEventListener('keydown', onKey);
$('composer').addEventListener('submit', submit);
$('newer').addEventListener('click', () => { $('log').scrollTop = $('log').scrollHeight; });
$('log').addEventListener('scroll', () => { if (atEnd($('log'))) $('newer').hidden = true; });
window.addEventListener('hashchange', showThread);
window.addEventListener('online', () => { if (socket.readyState > 1) connect(); });
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && open) location.hash = '';
  if (event.key === '/' && !/INPUT/.test(event.target.tagName)) { event.preventDefault(); $('line').focus(); }
});
connect();
if (matchMedia('(hover: hover)').matches) $('line').focus();
