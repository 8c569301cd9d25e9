namespace OnnxTransfer.Training.Gradients;

/// <summary>Logarithms of sums along axes. ReduceLogSum: dx = dy exp(-y). ReduceLogSumExp: dx = dy exp(x - y).</summary>
internal static class LogSumGradient
{
    public static string?[] Of(GradientNode node, string gradient)
    {
        string share = node.Add("Mul", [gradient, node.Add("Exp", [node.Add("Neg", [node.Output])])]);
        return [ReductionGradient.Spread(node, share)];
    }

    public static string?[] OfExponentials(GradientNode node, string gradient)
    {
        string shares = node.Add("Exp", [node.Add("Sub", [node.Input(0), ReductionGradient.Kept(node, node.Output)])]);
        return [node.Add("Mul", [ReductionGradient.Kept(node, gradient), shares])];
    }
}
