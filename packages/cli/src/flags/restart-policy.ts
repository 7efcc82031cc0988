// SPDX-License-Identifier: Apache-2.0
import type { RestartPolicy } from '@teu/engine-api'
import { cut } from './csv.ts'

/** `name[:retries]`; the engine judges the name. */
export function parseRestartPolicy(text: string): RestartPolicy {
  if (text === '') return { Name: '', MaximumRetryCount: 0 }
  const [name, count, found] = cut(text, ':')
  if (found && name === '') throw new Error('invalid restart policy format: no policy provided before colon')
  if (!found || count === '') return { Name: name, MaximumRetryCount: 0 }
  if (!/^[+-]?[0-9]+$/.test(count)) {
    throw new Error('invalid restart policy format: maximum retry count must be an integer')
  }
  return { Name: name, MaximumRetryCount: Number(count) }
}
