[3,1,2].sort()
//> [1,2,3]
[3,1,10,2,undefined,,].sort()
//> [1,10,2,3,undefined,]
[3,1,10,2].sort((a, b) => b - a)
//> [10,3,2,1]
[1,,3].map(x => x * 2)
//> [2,,6]
[1,,3].filter(() => true)
//> [1,3]
[1,,3].length
//> 3
1 in [1,,3]
//> false
[1,[2,[3,[4]]]].flat()
//> [1,2,[3,[4]]]
[1,[2,[3,[4]]]].flat(Infinity)
//> [1,2,3,4]
[1,2].flatMap(x => [x, [x]])
//> [1,[1],2,[2]]
let a = [1,2,3,4]; [a.splice(1, 2, "x", "y", "z"), a]
//> [[2,3],[1,"x","y","z",4]]
let a = [1,,3,4]; [a.splice(1, 2), a]
//> [[,3],[1,4]]
let a = [1,2,3]; [a.splice(), a.splice(1), a]
//> [[],[2,3],[1]]
let a = [1,2,3]; [a.push(4, 5), a.pop(), a.shift(), a.unshift(9, 8), a]
//> [5,5,1,5,[9,8,2,3,4]]
let a = [,1,2]; [a.shift(), a, a.length]
//> [undefined,[1,2],2]
let a = [,1,2]; [a.unshift(5), a, a.length]
//> [4,[5,,1,2],4]
[1,2,3].reverse()
//> [3,2,1]
[1,,3].reverse()
//> [3,,1]
[1,2,3].concat(4, [5, [6]], {length: 1, 0: "x"})
//> [1,2,3,4,5,[6],{0:"x",length:1}]
[1,2,3].indexOf(2) + [1,2,3].lastIndexOf(3) + [NaN].indexOf(NaN)
//> 2
[NaN].includes(NaN)
//> true
[1,2,3].includes(3, -1)
//> true
[1,2,3,4,5].copyWithin(0, 3)
//> [4,5,3,4,5]
[1,2,3,4,5].copyWithin(1, 0, 3)
//> [1,1,2,3,5]
[1,2,3].fill(0, 1)
//> [1,0,0]
new Array(3)
//> [,,]
new Array(3).fill(7)
//> [7,7,7]
t(() => new Array(-1))
//> "RangeError"
t(() => new Array(1.5))
//> "RangeError"
new Array("3")
//> ["3"]
Array.of(1, 2)
//> [1,2]
Array.from("a\ud83e\udd80b")
//> ["a","\ud83e\udd80","b"]
Array.from({length: 2, 0: "x"})
//> ["x",undefined]
Array.from([1,2,3], (x, i) => x * i)
//> [0,2,6]
Array.from(new Set([1,1,2]))
//> [1,2]
Array.from(new Map([[1, 2]]))
//> [[1,2]]
[1,2,3].reduce((a, b) => a + b)
//> 6
t(() => [].reduce((a, b) => a))
//> "TypeError"
[1,2,3].reduceRight((a, b, i) => a + "-" + b + i, "")
//> "-32-21-10"
[1,2,3].at(-1)
//> 3
[1,2,3].with(1, 9)
//> [1,9,3]
t(() => [1].with(5, 1))
//> "RangeError"
[3,,1].toSorted()
//> [1,3,undefined]
[3,,1].toReversed()
//> [1,undefined,3]
[3,,1].toSpliced(1, 1, 5, 6)
//> [3,5,6,1]
gather([5,6].entries())
//> [[0,5],[1,6]]
gather([5,,6].keys())
//> [0,1,2]
[5,6].values().next()
//> {value:5,done:false}
[1,2,3].find(x => x > 1) + [1,2,3].findIndex(x => x > 1) + [1,2,3].findLast(x => x > 1) + [1,2,3].findLastIndex(x => x > 5)
//> 5
[1,2,3].every(x => x > 0) && [1,2,3].some(x => x > 2)
//> true
[1,[2,[3]],null,undefined,"x"].join()
//> "1,2,3,,,x"
[1,[2,[3]],null].join("-")
//> "1-2,3-"
String([1,[2,3]])
//> "1,2,3"
let a = [1]; a[5] = 2; a
//> [1,,,,,2]
let a = [1,2,3]; a.length = 1; a
//> [1]
let a = [1,2,3]; delete a[1]; a
//> [1,,3]
Array.prototype.slice.call({length: 2, 0: "a", 1: "b"})
//> ["a","b"]
Array.prototype.push.call({length: 1}, 5)
//> 2
Array.prototype.map.call("abc", x => x + x)
//> ["aa","bb","cc"]
Array.prototype.join.call({length: 3, 1: "x"}, "+")
//> "+x+"
[].concat.length + [].push.length * 10 + [].slice.length * 100
//> 211
[].concat.name
//> "concat"
Map.groupBy([1,2,3,4], x => x % 2)
//> Map[[1,[1,3]],[0,[2,4]]]
({a: 1}).propertyIsEnumerable("a") && ![].propertyIsEnumerable("length")
//> true
({}).toLocaleString()
//> "[object Object]"
[1,2].toLocaleString()
//> "1,2"
t(() => ({}).x.y)
//> "TypeError"
t(() => ({}).x())
//> "TypeError"
t(() => [].x())
//> "TypeError"
t(() => Map())
//> "TypeError"
