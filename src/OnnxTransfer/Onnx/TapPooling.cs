namespace OnnxTransfer.Onnx;

/// <summary>
/// How a tap's feature map [C, H, W] becomes a vector: <c>average</c> or <c>max</c> over all places (C numbers),
/// <c>both</c>, the averages followed by the maxima (2 C numbers), <c>gridN</c>, the averages of an N x N grid (C N^2
/// numbers), or <c>none</c>, as it is (C H W numbers).
/// </summary>
public readonly record struct TapPooling
{
    // Null is none, so that the default value is a pooling too.
    private readonly string? _name;

    private TapPooling(string name, int grid)
    {
        _name = name;
        Grid = grid;
    }

    /// <summary>Over all places: C numbers.</summary>
    public static TapPooling Average { get; } = new("average", 1);

    /// <summary>The largest value over all places: C numbers.</summary>
    public static TapPooling Max { get; } = new("max", 0);

    /// <summary>The average of every channel, then the largest value of every channel: 2 C numbers.</summary>
    public static TapPooling Both { get; } = new("both", 0);

    /// <summary>Flattened as it is: C H W numbers, channel by channel.</summary>
    public static TapPooling None => default;

    /// <summary>average, max, both, none or gridN.</summary>
    public string Name => _name ?? "none";

    /// <summary>N of gridN, 1 for average, 0 otherwise.</summary>
    public int Grid { get; }

    /// <summary>Averages of an n x n grid as torch's adaptive_avg_pool2d: cell i spans places floor(i H / n) to ceil((i + 1) H / n).</summary>
    /// <exception cref="ArgumentOutOfRangeException">n is not between 1 and 64.</exception>
    public static TapPooling GridOf(int n) => n is >= 1 and <= 64
        ? new($"grid{n}", n)
        : throw new ArgumentOutOfRangeException(nameof(n), n, "expected 1 to 64 cells a side");

    /// <summary>Reads <c>average</c>, <c>max</c>, <c>both</c>, <c>none</c> or <c>grid4</c>.</summary>
    /// <exception cref="FormatException">Anything else.</exception>
    public static TapPooling Parse(string text) => TryParse(text, out var pooling)
        ? pooling
        : throw new FormatException($"pooling '{text}'; expected average, max, both, none or gridN with N from 1 to 64, such as grid4");

    /// <summary>The same without an exception.</summary>
    public static bool TryParse(string? text, out TapPooling pooling)
    {
        pooling = text switch { "average" => Average, "max" => Max, "both" => Both, _ => None };
        if (text is "average" or "max" or "both" or "none")
        {
            return true;
        }

        if (text is null || !text.StartsWith("grid", StringComparison.Ordinal)
            || !int.TryParse(text.AsSpan(4), System.Globalization.NumberStyles.None, null, out var n) || n is < 1 or > 64)
        {
            return false;
        }

        pooling = GridOf(n);
        return true;
    }

    /// <summary>Width of the vector made of a map of <paramref name="shape"/>: [C, H, W], or [D] for what is a vector already.</summary>
    public int WidthOf(IReadOnlyList<int> shape) => Name switch
    {
        "none" => shape.Aggregate(1, (a, b) => checked(a * b)),
        "max" => shape[0],
        "both" => checked(2 * shape[0]),
        _ => checked(shape[0] * Grid * Grid),
    };

    /// <inheritdoc/>
    public override string ToString() => Name;
}
