namespace OnnxTransfer.Training.Gradients;

/// <summary>y = x^p for a constant p: dx = dy p x^(p - 1), summed where x was broadcast.</summary>
internal static class PowGradient
{
    public static string?[] Of(GradientNode node, string gradient)
    {
        if (node.Needs(1))
        {
            throw node.Unsupported("its exponent depends on trainable weights; expected a constant exponent");
        }

        string x = node.Input(0);
        return [node.SumTo(node.Add("Mul", [gradient, node.IsAll(node.Input(1), 2) ? node.Add("Add", [x, x]) : Slope(node, x)]), x)];
    }

    private static string Slope(GradientNode node, string x)
    {
        var type = node.Type(x).ElementType;
        string exponent = node.Type(node.Input(1)).ElementType == type ? node.Input(1) : node.Add("Cast", [node.Input(1)], ("to", (int)type));
        string power = node.Add("Pow", [x, node.Add("Sub", [exponent, node.Number(1, x)])]);

        // x^0 is 1 everywhere; 0 x^-1 would be none at 0.
        return node.Add("Where", [node.Add("Equal", [exponent, node.Number(0, x)]), node.Number(0, x), node.Add("Mul", [power, exponent])]);
    }
}
