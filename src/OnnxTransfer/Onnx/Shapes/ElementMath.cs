namespace OnnxTransfer.Onnx.Shapes;

/// <summary>The arithmetic that graphs do on shapes, rounded as the element type rounds.</summary>
internal static class ElementMath
{
    private static readonly Dictionary<string, Func<double, double>> OfOne = new(StringComparer.Ordinal)
    {
        ["Abs"] = Math.Abs,
        ["Ceil"] = Math.Ceiling,
        ["Exp"] = Math.Exp,
        ["Floor"] = Math.Floor,
        ["Identity"] = a => a,
        ["Log"] = Math.Log,
        ["Neg"] = a => -a,
        ["Not"] = a => a == 0 ? 1 : 0,
        ["Reciprocal"] = a => 1 / a,
        ["Round"] = a => Math.Round(a, MidpointRounding.ToEven),
        ["Sqrt"] = Math.Sqrt,
    };

    private static readonly Dictionary<string, Func<double, double, double>> OfTwo = new(StringComparer.Ordinal)
    {
        ["Add"] = (a, b) => a + b,
        ["And"] = (a, b) => a != 0 && b != 0 ? 1 : 0,
        ["Div"] = (a, b) => a / b,
        ["Equal"] = (a, b) => a == b ? 1 : 0,
        ["Greater"] = (a, b) => a > b ? 1 : 0,
        ["GreaterOrEqual"] = (a, b) => a >= b ? 1 : 0,
        ["Less"] = (a, b) => a < b ? 1 : 0,
        ["LessOrEqual"] = (a, b) => a <= b ? 1 : 0,
        ["Max"] = Math.Max,
        ["Min"] = Math.Min,
        ["Mod"] = (a, b) => a - (b * Math.Floor(a / b)),
        ["Mul"] = (a, b) => a * b,
        ["Or"] = (a, b) => a != 0 || b != 0 ? 1 : 0,
        ["Sub"] = (a, b) => a - b,
        ["Sum"] = (a, b) => a + b,
        ["Xor"] = (a, b) => (a != 0) != (b != 0) ? 1 : 0,
    };

    /// <summary>The operator's value; null where it is not one that shapes are computed with.</summary>
    public static Func<double, double>? Unary(string operation) => OfOne.GetValueOrDefault(operation);

    /// <summary>The same of two; more are taken from left to right.</summary>
    public static Func<double, double, double>? Binary(string operation) => OfTwo.GetValueOrDefault(operation);

    /// <summary>A value as the type holds it: integers cut towards zero, as their division and ONNX's Cast do.</summary>
    public static double Rounded(ElementType type, double value) => type switch
    {
        ElementType.Double => value,
        ElementType.Float => (float)value,
        ElementType.Float16 => (double)(Half)value,
        ElementType.Bool => value == 0 ? 0 : 1,
        _ => Math.Truncate(value),
    };
}
