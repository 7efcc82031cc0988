// SPDX-License-Identifier: Apache-2.0
import { type Decoder, record, struct, text } from '../body/decoder.ts'
import type { VolumeCreateBody } from './types.ts'

/** Decodes the body of `POST /volumes/create`. @public */
export const decodeVolumeCreate: Decoder<VolumeCreateBody> = struct<VolumeCreateBody>('CreateOptions', {
  Name: text,
  Driver: text,
  DriverOpts: record(text),
  Labels: record(text),
})
