// SPDX-License-Identifier: Apache-2.0
import { channel } from 'node:diagnostics_channel'

/** The channel on which every layer tells how long its calls take; see `Span` in `@teu/ttrpc` for the shape. */
const spans = channel('teu:span')

/** Does `work` and publishes how long it took; costs nothing when nobody listens. */
export async function timed<T>(layer: string, name: string, work: () => Promise<T>): Promise<T> {
  if (!spans.hasSubscribers) return work()
  const begin = performance.now()
  try {
    return await work()
  } finally {
    spans.publish({ layer, name, start: performance.timeOrigin + begin, duration: performance.now() - begin })
  }
}
