// SPDX-License-Identifier: Apache-2.0
import { native } from '../native/load.ts'

/** The size of a terminal in characters, and in pixels where known. @public */
export interface WindowSize {
  rows: number
  columns: number
  xPixels?: number
  yPixels?: number
}

/** Both ends of a pseudo terminal. Both descriptors are close-on-exec and the caller's to close. @public */
export interface Pty {
  master: number
  slave: number
  /** N in `/dev/pts/N`. */
  number: number
}

/** Options of {@link openPty}. @public */
export interface OpenPtyOptions {
  size?: WindowSize
  /** The multiplexer to open; default `/dev/ptmx`. Name another to make the terminal in another devpts instance. */
  ptmx?: string
}

/** Opens a pseudo terminal. The slave comes from the master itself (TIOCGPTPEER), not from a path. @public */
export function openPty(options: OpenPtyOptions = {}): Pty {
  const pty = native().openpty(options.ptmx ?? '/dev/ptmx')
  if (options.size) setWindowSize(pty.master, options.size)
  return pty
}

/** Sets the size of a terminal; processes in its foreground get SIGWINCH when it changes. @public */
export function setWindowSize(fd: number, size: WindowSize): void {
  native().setWindowSize(fd, size.rows, size.columns, size.xPixels ?? 0, size.yPixels ?? 0)
}

/** The size of a terminal. Throws `ENOTTY` when the descriptor is none. @public */
export function getWindowSize(fd: number): Required<WindowSize> {
  return native().getWindowSize(fd)
}

/**
 * Makes a terminal raw until the result is disposed of: every byte goes through as it is, both ways (cfmakeraw(3)).
 * Throws `ENOTTY` when the descriptor is none.
 *
 * @public
 */
export function makeTerminalRaw(fd: number): Disposable {
  const settings = native().ttyRaw(fd)
  return { [Symbol.dispose]: () => native().ttyRestore(fd, settings) }
}
