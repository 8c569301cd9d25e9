namespace OnnxTransfer.Datasets;

/// <summary>
/// What is to be learned: items with labels or targets, in splits. Paths and offsets only; pixels are read when they are
/// embedded. Opened by <see cref="ImageFolder"/>, <see cref="Manifest"/>, <see cref="IdxFiles"/>, <see cref="CifarFiles"/>, or
/// by <see cref="DatasetReader"/>, which finds out which of these a path is.
/// </summary>
public sealed record Dataset
{
    /// <summary>Where it came from, for reports.</summary>
    public required string Source { get; init; }

    /// <summary>The items in their own order.</summary>
    public required IReadOnlyList<DatasetItem> Items { get; init; }

    /// <summary>Class names in label order; empty where targets are numbers or nothing is labelled.</summary>
    public IReadOnlyList<string> Classes { get; init; } = [];

    /// <summary>True when an item may have several labels of <see cref="Classes"/>, or none: <see cref="DatasetItem.LabelSet"/> holds them.</summary>
    public bool IsMultiLabel { get; init; }

    /// <summary>Names of the numbers every item carries beside its images.</summary>
    public IReadOnlyList<string> NumberNames { get; init; } = [];

    /// <summary>True when targets are numbers (regression).</summary>
    public bool IsRegression { get; init; }

    /// <summary>Names of the numbers to predict where there are several, in <see cref="DatasetItem.Targets"/>' order; empty where there is one.</summary>
    public IReadOnlyList<string> TargetNames { get; init; } = [];

    /// <summary>True when the source itself said which items are test items (folders, files or a column).</summary>
    public bool HasOwnSplits { get; init; }

    /// <summary>What a reader should know of how it was read: files passed over, links not followed.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Number of images over all items.</summary>
    public int ImageCount => Items.Sum(item => item.ImageCount);

    /// <summary>The items of one split, as a data set of its own.</summary>
    public Dataset Of(Split split) => this with { Items = [.. Items.Where(item => item.Split == split)] };
}
