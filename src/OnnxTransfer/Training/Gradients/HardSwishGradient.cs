namespace OnnxTransfer.Training.Gradients;

/// <summary>y = x (x / 6 + 1/2 held between 0 and 1): dx = dy times 0 below -3, 1 above 3, x / 3 + 1/2 between.</summary>
internal static class HardSwishGradient
{
    public static string?[] Of(GradientNode node, string gradient)
    {
        string x = node.Input(0), half = node.Number(0.5, x);
        string slope = node.Add("Add", [node.Add("Mul", [x, node.Number(1.0 / 3, x)]), half]);
        string below = node.Add("Less", [x, node.Number(-3, x)]);
        string bent = node.Add("Where", [below, node.Number(0, x), node.Add("Mul", [gradient, slope])]);
        return [node.Add("Where", [node.IsAbove(x, 3), gradient, bent])];
    }
}
