// SPDX-License-Identifier: Apache-2.0
import path from 'node:path'
import { type Containerd, createContainerd } from '@teu/containerd'

/** Starts our containerd for `teu-conformance containerd --module`. */
export default function start(folder: string): Promise<Containerd> {
  return createContainerd({ root: path.join(folder, 'root'), state: path.join(folder, 'state') })
}
