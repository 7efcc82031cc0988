// SPDX-License-Identifier: Apache-2.0
import { defaultProfileName } from '../app-armor/default-profile.ts'
import { parseSecurityOptions } from '../spec/security-options.ts'
import type { Container } from './container.ts'
import type { ContainerContext } from './context.ts'

/**
 * The AppArmor profile that a container starts under, loaded if it is the default one; undefined where there is none.
 * A container that names none gets the default, a privileged one is unconfined.
 */
export async function appArmorProfileOf(context: ContainerContext, container: Container): Promise<string | undefined> {
  if (!context.host.appArmor) return undefined
  const { Privileged, SecurityOpt } = container.record.hostConfig
  const asked = parseSecurityOptions(SecurityOpt).appArmor ?? (Privileged ? 'unconfined' : undefined)
  const profile = asked ?? (context.appArmor.hasDefault ? defaultProfileName : undefined)
  if (profile === defaultProfileName) await context.appArmor.ensureDefault()
  return profile
}
