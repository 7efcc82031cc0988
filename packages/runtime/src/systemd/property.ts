// SPDX-License-Identifier: Apache-2.0
import type { DbusValue, Variant } from './dbus/signature.ts'

/** A property of a unit, as `StartTransientUnit` and `SetUnitProperties` take it: `(sv)`. @internal */
export type UnitProperty = readonly [name: string, value: Variant]

/** Makes a property. @internal */
export function property(name: string, signature: string, value: DbusValue): UnitProperty {
  return [name, { signature, value }]
}
