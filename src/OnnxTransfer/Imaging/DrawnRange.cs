namespace OnnxTransfer.Imaging;

/// <summary>Numbers between two, from which one is drawn.</summary>
/// <param name="Low">The least.</param>
/// <param name="High">The greatest; not below <paramref name="Low"/>.</param>
public readonly record struct DrawnRange(double Low, double High)
{
    /// <summary>Such as "0.8-1.2".</summary>
    public override string ToString() => FormattableString.Invariant($"{Low:R}-{High:R}");
}
