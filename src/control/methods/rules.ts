import { Type } from '@sinclair/typebox';
import type { Method } from '../method.js';
import { defineMethod } from '../method.js';

export interface RulesActions {
  /** `{ engine, rules: [{ id, name, family, severity, confidence, description, risk_explanation, remediation_advice }] }`: what the running scanner holds. */
  list(): Promise<object>;
}

export function createRulesMethods(actions: RulesActions): Method[] {
  return [
    defineMethod({ name: 'rules.list', scope: 'control', params: Type.Object({}, { additionalProperties: false }), handle: () => actions.list() }),
  ];
}
