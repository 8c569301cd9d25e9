namespace OnnxTransfer.MLNet;

/// <summary>The columns of a data view of embeddings. A column whose values the set lacks is not there.</summary>
public static class EmbeddingColumns
{
    /// <summary>The embedding: a vector of D floats, D known.</summary>
    public const string Embedding = "Embedding";

    /// <summary>
    /// What is to be predicted. Classification: a key whose values are the class names (ML.NET counts keys from 1; a
    /// label of -1 becomes 0, missing). Regression: the target as float.
    /// </summary>
    public const string Label = "Label";

    /// <summary>The weight of the row, float.</summary>
    public const string Weight = "Weight";

    /// <summary>The name of the row, text.</summary>
    public const string Name = "Name";
}
