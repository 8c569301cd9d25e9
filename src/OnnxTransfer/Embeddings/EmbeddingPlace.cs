namespace OnnxTransfer.Embeddings;

/// <summary>Where one tap's embedding of one image lies.</summary>
internal readonly record struct EmbeddingPlace(EmbeddingSpace Space, RowLocation At);
