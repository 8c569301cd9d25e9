namespace OnnxTransfer.Datasets;

/// <summary>
/// One thing to learn from or to predict: usually one image; several where a manifest averages the photos of one
/// object, whose embeddings are then averaged.
/// </summary>
public sealed record DatasetItem
{
    // Most items are one image with a label: what only some carry stands apart, so that a list of many stays small.
    private readonly ImageSource _image;
    private readonly IReadOnlyList<ImageSource>? _images;
    private readonly ItemFacts _facts = ItemFacts.None;

    /// <summary>The item's images, at least one.</summary>
    public required IReadOnlyList<ImageSource> Images
    {
        get => _images ?? [_image];
        init => (_image, _images) = (value.Count == 1 ? value[0] : default, value.Count == 1 ? null : value);
    }

    /// <summary>Train, validation or test.</summary>
    public Split Split { get; init; }

    /// <summary>Index into <see cref="Dataset.Classes"/>; -1 where there is no label.</summary>
    public int Label { get; init; } = -1;

    /// <summary>Indices into <see cref="Dataset.Classes"/> where items have any number of labels, ascending; else empty.</summary>
    public int[] LabelSet
    {
        get => _facts.LabelSet;
        init => _facts = _facts with { LabelSet = value };
    }

    /// <summary>The number to be predicted; NaN where there is none, or several.</summary>
    public double Target
    {
        get => _facts.Target;
        init => _facts = _facts with { Target = value };
    }

    /// <summary>The numbers to be predicted where there are several (see <see cref="Dataset.TargetNames"/>); else empty.</summary>
    public double[] Targets
    {
        get => _facts.Targets;
        init => _facts = _facts with { Targets = value };
    }

    /// <summary>Weight of this item in fits and scores.</summary>
    public double Weight
    {
        get => _facts.Weight;
        init => _facts = _facts with { Weight = value };
    }

    /// <summary>Items of one group are kept in one split and one fold; null: the item stands for itself.</summary>
    public string? Group
    {
        get => _facts.Group;
        init => _facts = _facts with { Group = value };
    }

    /// <summary>Further numeric columns, appended to the embedding (see <see cref="Dataset.NumberNames"/>).</summary>
    public IReadOnlyList<float> Numbers
    {
        get => _facts.Numbers;
        init => _facts = _facts with { Numbers = value };
    }

    /// <summary>What the photos of one item have in common, such as the number of a house; null: the item is its image.</summary>
    public string? Id
    {
        get => _facts.Id;
        init => _facts = _facts with { Id = value };
    }

    /// <summary>The item's name in messages and tables: its id, or else the name of its image.</summary>
    public string Name => Id ?? Image(0).Name;

    /// <summary>The number of <see cref="Images"/>.</summary>
    internal int ImageCount => _images?.Count ?? 1;

    /// <summary>One of <see cref="Images"/>; makes no list.</summary>
    internal ImageSource Image(int index) => _images is null ? _image : _images[index];
}
