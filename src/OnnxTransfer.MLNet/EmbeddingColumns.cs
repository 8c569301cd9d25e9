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

    /// <summary>Where a row may have several labels: a vector of k bools, whose slots bear the class names.</summary>
    public const string Labels = "Labels";

    /// <summary>Where a row has several targets: a vector of m floats, whose slots bear their names.</summary>
    public const string Targets = "Targets";

    /// <summary>The weight of the row, float.</summary>
    public const string Weight = "Weight";

    /// <summary>The group of the row, text: what ML.NET calls a sampling key, to keep rows in one fold.</summary>
    public const string Group = "Group";

    /// <summary>The split of the row, text: train, validation or test.</summary>
    public const string Split = "Split";

    /// <summary>The name of the row, text.</summary>
    public const string Name = "Name";
}
