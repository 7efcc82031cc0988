// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs'

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

/** Ours as a library, and runc as a program where it is installed. */
export const runtimesUnderTest: RuntimeUnderTest[] = [
  { name: 'our runtime as a library', binaryName: '' },
  ...(existsSync(runc) ? [{ name: runc, binaryName: runc }] : []),
]

/** Ours with the runtimes that are installed, and the original where it is: what holds for it must hold for ours. */
export const shimsUnderTest: ShimUnderTest[] = [
  ...runtimesUnderTest.map((runtime) => ({ ...runtime, binary: undefined, isOurs: true })),
  ...(existsSync(original) && existsSync(runc)
    ? [{ name: 'the original', binaryName: runc, binary: original, isOurs: false }]
    : []),
]
