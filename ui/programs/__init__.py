"""A library for other programs: `operations` are offered as Gradio endpoints, as MCP tools and as OpenAI's API."""
