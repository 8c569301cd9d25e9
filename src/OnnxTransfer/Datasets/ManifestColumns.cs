namespace OnnxTransfer.Datasets;

/// <summary>Which columns of a manifest mean what. Null: the first of the usual names that the header has.</summary>
public sealed record ManifestColumns
{
    /// <summary>Image file, absolute or relative to the manifest. Usual: path, file, image, filename.</summary>
    public string? Path { get; init; }

    /// <summary>Class name. Usual: label, class.</summary>
    public string? Label { get; init; }

    /// <summary>Any number of class names, separated by | or ;, or none. Usual: labels.</summary>
    public string? Labels { get; init; }

    /// <summary>Number to predict. Usual: target, value, y. A manifest has a label, labels or a target, not two of them.</summary>
    public string? Target { get; init; }

    /// <summary>Several numbers to predict, a column each; in place of <see cref="Target"/>.</summary>
    public IReadOnlyList<string> Targets { get; init; } = [];

    /// <summary>train, val (or validation) or test. Usual: split.</summary>
    public string? Split { get; init; }

    /// <summary>Weight of the row, 0 or more. Usual: weight.</summary>
    public string? Weight { get; init; }

    /// <summary>Rows of one group stay in one split and one fold. Usual: group.</summary>
    public string? Group { get; init; }

    /// <summary>Rows with the same value become one item whose photos' embeddings are averaged. No usual name.</summary>
    public string? AverageBy { get; init; }

    /// <summary>True to read no labels and no targets, for prediction.</summary>
    public bool IgnoreAnswers { get; init; }

    /// <summary>Numeric columns appended to the embedding.</summary>
    public IReadOnlyList<string> Numbers { get; init; } = [];
}
