namespace OnnxTransfer.Datasets;

/// <summary>What only some items carry; those that carry none of it share <see cref="None"/>.</summary>
internal sealed record ItemFacts
{
    public static readonly ItemFacts None = new();

    public int[] LabelSet { get; init; } = [];

    public double Target { get; init; } = double.NaN;

    public double[] Targets { get; init; } = [];

    public double Weight { get; init; } = 1;

    public string? Group { get; init; }

    public IReadOnlyList<float> Numbers { get; init; } = [];

    public string? Id { get; init; }
}
