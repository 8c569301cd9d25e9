using OnnxTransfer.Embeddings;

namespace OnnxTransfer.Heads.Tuning;

/// <summary>One view of the images that are learned from.</summary>
/// <param name="Run">The run of the embedder that gave it.</param>
/// <param name="Rows">For each image its row in the run; -1 where it failed.</param>
internal sealed record FrozenView(EmbedRun Run, int[] Rows);
