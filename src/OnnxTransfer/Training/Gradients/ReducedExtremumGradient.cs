namespace OnnxTransfer.Training.Gradients;

/// <summary>
/// The largest or smallest along axes (ReduceMax, ReduceMin): dy goes to the element that y is, in equal parts where several are, as
/// torch.amax does.
/// </summary>
internal static class ReducedExtremumGradient
{
    public static string?[] Of(GradientNode node, string gradient)
    {
        string equal = node.Add("Equal", [node.Input(0), ReductionGradient.Kept(node, node.Output)]);
        string chosen = node.Add("Cast", [equal], ("to", (int)node.Type(node.Output).ElementType));
        long[] axes = ReductionGradient.Axes(node);
        string count = axes.Length == 0 ? chosen : node.SumAlong(chosen, axes);
        return [node.Add("Mul", [chosen, node.Add("Div", [ReductionGradient.Kept(node, gradient), count])])];
    }
}
