using System.Globalization;

namespace OnnxTransfer.Cli;

/// <summary>Numbers in a target's own unit, for people: six digits, and no exponent for what people write without one.</summary>
internal static class Figure
{
    private const double Plain = 1e5;
    private const double Huge = 1e15;

    public static string Of(double value) => value.ToString(Math.Abs(value) is >= Plain and < Huge ? "F0" : "G6", CultureInfo.InvariantCulture);
}
