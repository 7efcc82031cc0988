// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises'
import { type OutputStream, terminalSize } from '../context/streams.ts'

/** Tells the engine a terminal's size; rejects while the process is not there yet. */
export type Resize = (size: { height: number; width: number }) => Promise<void>

const attempts = 10
const firstDelayMs = 10

/**
 * Keeps the container's terminal as large as the user's: now (tried again up to ten times while the process starts)
 * and at every change, until the returned function is called.
 */
export function followSize(terminal: OutputStream, resize: Resize): () => void {
  if (!terminal.isTTY) return () => {}
  let stopped = false
  const send = () => resizeOnce(terminal, resize)
  void (async () => {
    for (let attempt = 1; attempt <= attempts && !stopped; attempt++) {
      if (await send()) return
      await delay(firstDelayMs * attempt)
    }
  })()
  const onResize = () => void send()
  terminal.on('resize', onResize)
  return () => {
    stopped = true
    terminal.off('resize', onResize)
  }
}

async function resizeOnce(terminal: OutputStream, resize: Resize): Promise<boolean> {
  const size = terminalSize(terminal)
  if (size.height === 0 && size.width === 0) return true
  return resize(size).then(
    () => true,
    () => false,
  )
}
