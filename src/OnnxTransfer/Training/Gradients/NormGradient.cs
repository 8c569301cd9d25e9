namespace OnnxTransfer.Training.Gradients;

/// <summary>
/// Norms along axes. ReduceL1, sum |x|: dx = dy sign(x). ReduceL2, y = √(sum x²): dx = dy x / y, 0 where y is 0 as in PyTorch.
/// ReduceSumSquare: dx = 2 dy x.
/// </summary>
internal static class NormGradient
{
    public static string?[] OfL1(GradientNode node, string gradient) =>
        [node.Add("Mul", [ReductionGradient.Kept(node, gradient), node.Add("Sign", [node.Input(0)])])];

    public static string?[] OfL2(GradientNode node, string gradient)
    {
        string zero = node.Number(0, node.Output);
        string share = node.Add("Where", [node.Add("Equal", [node.Output, zero]), zero, node.Add("Div", [gradient, node.Output])]);
        return [node.Add("Mul", [ReductionGradient.Kept(node, share), node.Input(0)])];
    }

    public static string?[] OfSquares(GradientNode node, string gradient)
    {
        string twice = node.Add("Add", [gradient, gradient]);
        return [node.Add("Mul", [ReductionGradient.Kept(node, twice), node.Input(0)])];
    }
}
