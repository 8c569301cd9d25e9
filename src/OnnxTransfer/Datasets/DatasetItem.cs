namespace OnnxTransfer.Datasets;

/// <summary>
/// One thing to learn from or to predict: usually one image; several where a manifest averages the photos of one
/// object, whose embeddings are then averaged.
/// </summary>
public sealed record DatasetItem
{
    /// <summary>The item's images, at least one.</summary>
    public required IReadOnlyList<ImageSource> Images { get; init; }

    /// <summary>Train, validation or test.</summary>
    public Split Split { get; init; }

    /// <summary>Index into <see cref="Dataset.Classes"/>; -1 where there is no label.</summary>
    public int Label { get; init; } = -1;

    /// <summary>Indices into <see cref="Dataset.Classes"/> where items have any number of labels, ascending; else empty.</summary>
    public int[] LabelSet { get; init; } = [];

    /// <summary>The number to be predicted; NaN where there is none, or several.</summary>
    public double Target { get; init; } = double.NaN;

    /// <summary>The numbers to be predicted where there are several (see <see cref="Dataset.TargetNames"/>); else empty.</summary>
    public double[] Targets { get; init; } = [];

    /// <summary>Weight of this item in fits and scores.</summary>
    public double Weight { get; init; } = 1;

    /// <summary>Items of one group are kept in one split and one fold; null: the item stands for itself.</summary>
    public string? Group { get; init; }

    /// <summary>Further numeric columns, appended to the embedding (see <see cref="Dataset.NumberNames"/>).</summary>
    public IReadOnlyList<float> Numbers { get; init; } = [];

    /// <summary>What the photos of one item have in common, such as the number of a house; null: the item is its image.</summary>
    public string? Id { get; init; }

    /// <summary>The item's name in messages and tables: its id, or else the name of its image.</summary>
    public string Name => Id ?? Images[0].Name;
}
