namespace OnnxTransfer.Tests.Training;

/// <summary>How an operator's rule is held against finite differences.</summary>
/// <param name="Forward">Adds the operator, of random shape and settings, and returns its output (for several: what is made of them).</param>
internal sealed record RuleCase(Func<RuleGraph, string> Forward)
{
    /// <summary>The operator set that the operator came with.</summary>
    public int Since { get; init; } = 13;

    /// <summary>ONNX Runtime's CPU provider computes it in float32 alone; differences are then taken over <see cref="Step"/>.</summary>
    public bool FloatOnly { get; init; }

    /// <summary>
    /// For an operator on float32 alone that treats each element of its one input for itself: the same in float64, by its definition.
    /// </summary>
    public Func<double, double>? Plain { get; init; }

    /// <summary>Half the way of a difference in float32: below 0.005, so that it crosses no kink; where the operator is linear in each input, as far as you like.</summary>
    public double Step { get; init; } = 0.004;

    public static implicit operator RuleCase(Func<RuleGraph, string> forward) => new(forward);
}
