/** How messages are described, read and written (`@floe/graph/proto`), for those of other protocols. */
export { type Field, type Message, many, map, message, one, optional, shared } from './message.ts';
export { doubles, floats, integers } from './numbers.ts';
