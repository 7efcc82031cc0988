// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { capabilityNames } from '../spec/capabilities.ts'

/** What compiling a program needs to know of the machine and of this process. @internal */
export interface HostFacts {
  privileged: boolean
  /** The highest capability of this kernel. */
  lastCapability: number
  ownOomScore: number
  hasKcore: boolean
}

/** Reads {@link HostFacts}. @internal */
export function readHostFacts(): HostFacts {
  return {
    privileged: process.geteuid?.() === 0,
    lastCapability: readNumber('/proc/sys/kernel/cap_last_cap', capabilityNames.length - 1),
    ownOomScore: readNumber('/proc/self/oom_score_adj', 0),
    hasKcore: existsSync('/proc/kcore'),
  }
}

/** The name of the user who runs this; empty when there is none for the number. @internal */
export function userName(): string {
  try {
    return userInfo().username
  } catch {
    return ''
  }
}

function readNumber(path: string, fallback: number): number {
  try {
    const value = Number.parseInt(readFileSync(path, 'utf8'), 10)
    return Number.isNaN(value) ? fallback : value
  } catch {
    return fallback
  }
}
