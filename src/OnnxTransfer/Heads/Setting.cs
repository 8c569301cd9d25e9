using System.Globalization;

namespace OnnxTransfer.Heads;

/// <summary>A setting and a value it was given.</summary>
/// <param name="Name">Its name: "L2".</param>
/// <param name="Value">Its value.</param>
public sealed record Setting(string Name, double Value)
{
    /// <summary>"L2 0.001".</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name} {Value:g3}");
}
