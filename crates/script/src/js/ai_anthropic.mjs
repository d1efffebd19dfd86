// Package `@ai-sdk/anthropic` for modules beside which it is not installed.

import { provider } from "smithers:ai-model";

export const anthropic = provider("anthropic");
export const createAnthropic = () => anthropic;
