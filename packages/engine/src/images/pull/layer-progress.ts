// SPDX-License-Identifier: Apache-2.0
import type { ProgressMessage } from '@teu/engine-api'
import { type Descriptor, digestEncoded } from '@teu/oci-spec/image'
import type { ProgressChannel } from '../progress-channel.ts'

/** The states of a layer that has nothing to count, in docker's words. */
export type LayerState =
  | 'Pulling fs layer'
  | 'Waiting'
  | 'Verifying Checksum'
  | 'Download complete'
  | 'Extracting'
  | 'Pull complete'
  | 'Already exists'

/** What a client shows of a layer: the first twelve digits of its blob's digest. */
export function shortId(descriptor: Pick<Descriptor, 'digest'>): string {
  return digestEncoded(descriptor.digest).slice(0, 12)
}

/** Reports the states of one layer. */
export class LayerProgress {
  readonly #channel: ProgressChannel
  readonly #id: string
  readonly #total: number

  constructor(channel: ProgressChannel, descriptor: Descriptor) {
    this.#channel = channel
    this.#id = shortId(descriptor)
    this.#total = descriptor.size
  }

  state(status: LayerState): void {
    this.#channel.push({ status, progressDetail: {}, id: this.#id })
  }

  downloaded(bytes: number): void {
    this.#channel.count('Downloading', this.#id, bytes, this.#total)
  }

  /** Passes a blob on and reports how much of it went through, from `offset` on. */
  async *count(source: AsyncIterable<Uint8Array>, offset: number): AsyncGenerator<Uint8Array> {
    let bytes = offset
    for await (const chunk of source) {
      yield chunk
      bytes += chunk.length
      this.downloaded(bytes)
    }
    this.state('Verifying Checksum')
  }
}

/** The last line of a pull. */
export function closingLine(familiar: string, changed: boolean): ProgressMessage {
  const what = changed ? 'Downloaded newer image for' : 'Image is up to date for'
  return { status: `Status: ${what} ${familiar}` }
}
