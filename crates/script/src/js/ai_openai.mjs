// Package `@ai-sdk/openai` for modules beside which it is not installed.

import { provider } from "smithers:ai-model";

export const openai = provider("openai");
export const createOpenAI = () => openai;
