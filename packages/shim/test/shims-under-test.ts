// SPDX-License-Identifier: Apache-2.0
import { besideOriginals } from '../../../scripts/originals.mjs'

/** A runtime that a test of our shim runs on. */
export interface RuntimeUnderTest {
  name: string
  /** The runtime of the options; empty for the shim's own choice. */
  binaryName: string
}

/** A shim, with a runtime, that a test runs on. */
export interface ShimUnderTest extends RuntimeUnderTest {
  /** The shim's program; undefined for ours. */
  binary: string | undefined
  isOurs: boolean
}

const runc = '/usr/sbin/runc'
const original = '/usr/bin/containerd-shim-runc-v2'

/** Ours as a library; beside the originals, runc as a program. */
export const runtimesUnderTest: RuntimeUnderTest[] = [
  besideOriginals ? { name: runc, binaryName: runc } : { name: 'our runtime as a library', binaryName: '' },
]

/** Ours with that runtime, and beside the originals theirs as well: what holds for it must hold for ours. */
export const shimsUnderTest: ShimUnderTest[] = [
  ...runtimesUnderTest.map((runtime) => ({ ...runtime, binary: undefined, isOurs: true })),
  ...(besideOriginals ? [{ name: 'the original', binaryName: runc, binary: original, isOurs: false }] : []),
]
