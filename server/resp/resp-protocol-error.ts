/**
 * What a client sent is not RESP, or exceeds a limit of it. The connection ends with it.
 */

/** The message is fit for the client. */
export class RespProtocolError extends Error {
  override readonly name = 'RespProtocolError';
}
